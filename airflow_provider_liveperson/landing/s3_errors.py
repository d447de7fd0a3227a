"""What S3's refusals mean, and what to do about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_liveperson.exceptions import StorageError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

NEEDED_ON_S3 = "s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload"
_REASON_LENGTH = 500

_REFUSED = {"AccessDenied", "AllAccessDisabled", "Forbidden", "403"}
_WRONG_KEY = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidToken",
    "AuthFailure",
    "InvalidClientTokenId",
}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"}
_SLOW_DOWN = {
    "SlowDown",
    "503",
    "ServiceUnavailable",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TooManyRequests",
}
_ELSEWHERE = {
    "PermanentRedirect",
    "301",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
}


def s3_error(
    verb: str,
    uri: str,
    reason: str,
    *,
    bucket: str,
    identity: str,
    code: str = "",
    kind: type[StorageError] = StorageError,
) -> StorageError:
    """The error for what S3 refused, with what can be done about it.

    :param verb: what was to be done with the object: read, write, list, delete.
    :param uri: the object's address.
    :param reason: what S3 or the AWS libraries say.
    :param bucket: the bucket's name.
    :param identity: whose AWS credentials were used.
    :param code: S3's name of the refusal, or the name of the error's class.
    :param kind: the class of the error.
    """
    field = "bucket"
    permanent: bool | None = None
    if code == "NoSuchBucket":
        hint = f"There is no bucket {bucket!r}; create it, or correct the operator's bucket."
        permanent = True
    elif code == "InvalidBucketName" or (code == "ParamValidationError" and "bucket name" in reason.lower()):
        hint = f"{bucket!r} cannot be a bucket's name; correct the operator's bucket."
        permanent = True
    elif code in _WRONG_KEY:
        hint = f"S3 does not accept the AWS key of {identity}. Correct it there."
        field, permanent = "aws_conn_id", True
    elif code in _EXPIRED:
        hint = f"The AWS key of {identity} has expired; put a valid one there."
        field = "aws_conn_id"
    elif code in ("NoCredentialsError", "PartialCredentialsError"):
        hint = (
            f"There are no AWS credentials: {identity} has none, or only some of them. Check the spelling of"
            " aws_conn_id, and what is entered there."
        )
        field = "aws_conn_id"
    elif code in _REFUSED:
        hint = (
            f"Either the AWS identity of {identity} lacks a permission (needed on this bucket: {NEEDED_ON_S3}), or a"
            " policy requires something that the request did not have, such as encryption, an ACL or RequestPayer:"
            " those go into the operator's extra_args."
        )
        permanent = True
    elif code in _ELSEWHERE or "recursion" in reason:  # in which boto3 asks where the bucket is
        hint = (
            f"The bucket {bucket!r} is in another region, or behind another endpoint, than {identity}"
            " says; set region_name or endpoint_url there."
        )
        field = "aws_conn_id"
    elif code in _SLOW_DOWN:
        hint = "S3 asked to slow down at every attempt; try again later, or run fewer tasks at once."
    else:
        hint = f"Check the bucket, the AWS credentials of {identity}, and the network."
    reason = " ".join(reason.split())[:_REASON_LENGTH]
    return kind(f"cannot {verb} {uri}: {reason}. {hint}", field=field, permanent=permanent)


def code_of(error: ClientError) -> str:
    """The name that S3 gives a refusal; empty where it gives none.

    :param error: botocore's error.
    """
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status of a refusal; where only its code is known, what that stands for.

    :param error: botocore's error.
    """
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if isinstance(status, int):
        return status
    code = code_of(error)
    if code in _SLOW_DOWN:
        return 503
    return 404 if code in ("404", "NoSuchKey", "NoSuchBucket") else 400


def reason_of(error: Exception) -> str:
    """What an error says, without what it may repeat of a request's arguments.

    :param error: any error of the AWS libraries.
    """
    from botocore.exceptions import ParamValidationError

    text = str(error).strip()
    if isinstance(error, ParamValidationError):
        text = next((line for line in text.splitlines() if "ucket name" in line), "an argument is not valid")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
