"""The fields of each connection type: one table, from which everything else about them is made.

:mod:`~airflow_provider_liveperson.connections.form` makes Airflow's forms from it, and
:mod:`~airflow_provider_liveperson.connections.reading` reads connections by it. What Airflow's web pages show:

* Of a standard field (host, login, password), its label and its placeholder, but no help text. Of an extra field, its
  label and its help text, but no placeholder.
* Saving a new connection stores every extra field of the form: an untouched one as ``null``, or as its default if the
  schema has one. The schemas here have none, so that a default of a later version also applies to the connections
  created today; the help texts name the defaults instead.
* The forms of Airflow 3.1 and 3.2 hide no extra field while it is typed, and that of 3.1 requires none. Saved values
  are masked by name there as everywhere.
* A connection cannot be tested from its form, only from the list of saved ones; see
  :func:`~airflow_provider_liveperson.connections.form.airflow_wants_a_port`.
"""

from __future__ import annotations

from airflow_provider_liveperson.connections.form_field import ConnectionForm, FormField

DOMAIN_API_URL = "https://api.liveperson.net"
OAUTH1_NOTICE = (
    "LivePerson announced the end of OAuth 1.0 API keys for 31 May 2026. Their successor is App-JWT (OAuth"
    " 2.0): prefer the connection type “LivePerson (App-JWT, OAuth 2.0)” wherever LivePerson lets it read the"
    " data."
)
LOGIN_NOTICE = (
    "LivePerson asks to prefer App-JWT (OAuth 2.0) and to log in only where OAuth 2.0 is impossible. Users who sign in"
    " by single sign-on (SSO) cannot log in here: use “LivePerson (web application, OAuth 2.0)” for them. Bot logins"
    " with OAuth 1.0 keys ended on 30 April 2026; a client ID and secret take their place."
)

_HOST = FormField(
    name="host",
    label="Domain API URL",
    place="host",
    placeholder=f"{DOMAIN_API_URL} (leave empty for this)",
    default=DOMAIN_API_URL,
)
_ACCOUNT_ID = FormField(
    name="account_id",
    label="Account ID",
    place="extra",
    description="The LivePerson account, also called site ID or brand ID.",
    required=True,
    pattern="[A-Za-z0-9_]{1,20}",
    max_length=20,
)
_PATHS = (
    "Dotted paths separated by commas for all datasets that declare them, or a JSON object by dataset, such as"
    ' {"users": ["email"]}. Operators may tighten this, but not loosen it.'
)
COMMON_FIELDS = (
    FormField(
        name="timeout",
        label="Timeout",
        place="extra",
        description="Seconds to wait for the next byte from LivePerson before a request times out. Default: 60.",
        kind="number",
        default=60.0,
        above=0,
        maximum=3600,
    ),
    FormField(
        name="max_concurrency",
        label="Concurrent requests",
        place="extra",
        description="At most how many requests are under way at once, from 1 to 64. Default: 8.",
        kind="integer",
        default=8,
        minimum=1,
        maximum=64,
    ),
    FormField(
        name="source",
        label="Source label",
        place="extra",
        description=(
            "Identifies this client to LivePerson: at most 20 letters, digits and underscores. Default:"
            " AirflowProvider."
        ),
        default="AirflowProvider",
        pattern="[A-Za-z0-9_]{1,20}",
        max_length=20,
    ),
    FormField(
        name="region",
        label="Region",
        place="extra",
        description=(
            "Where the account is hosted: va (Americas), lo (Europe, Middle East, Africa) or sy (Asia"
            " Pacific). Only used for the Data Access and Outbound APIs, which the Domain API does not list, and only"
            " needed for an account whose hosts begin with none of these. Default: as the account's other hosts."
        ),
        choices=("va", "lo", "sy"),
    ),
    FormField(
        name="deep_paging_limit",
        label="Deep paging limit",
        place="extra",
        description=(
            "At most how many records LivePerson pages for one request; a range that holds more is split. A"
            " multiple of 100. Default: 10000 for conversations. Rarely needed."
        ),
        kind="integer",
        minimum=100,
        maximum=10_000_000,
    ),
    FormField(
        name="hash_secret",
        label="Hash secret",
        place="extra",
        description=(
            "The salt of the operators' hash_fields: the same salt gives the same hashes, and without it nobody can"
            " guess what was hashed. Only needed with hash_fields."
        ),
        secret=True,
    ),
    FormField(
        name="hash_fields",
        label="Fields to hash",
        place="extra",
        description=f"Fields that land as salted hashes only. {_PATHS}",
        kind="paths",
    ),
    FormField(
        name="drop_fields",
        label="Fields to drop",
        place="extra",
        description=f"Fields that never land. {_PATHS}",
        kind="paths",
    ),
    FormField(
        name="keep_fields",
        label="Fields to keep",
        place="extra",
        description=f"The only fields that land. {_PATHS} Default: all.",
        kind="paths",
    ),
    FormField(
        name="unknown_fields",
        label="Unknown fields",
        place="extra",
        description=(
            "What becomes of fields that a dataset does not declare: drop or keep; both count them in the manifest."
            " Default: drop with fields to keep, else keep them without looking for them."
        ),
        choices=("drop", "keep"),
    ),
    FormField(
        name="service_hosts",
        label="Service hosts",
        place="extra",
        description=(
            'Service names and their hosts, such as {"msgHist": "va.msghist.liveperson.net"}, used instead of'
            " asking the Domain API. Hosts that are not LivePerson's must be among trusted_hosts in the section"
            " [liveperson] of Airflow's configuration. Rarely needed."
        ),
        kind="object",
    ),
    FormField(
        name="proxies",
        label="Proxies",
        place="extra",
        description=(
            'The proxy to use, such as {"https": "http://user:password@proxy.example.com:3128"}, instead of the'
            " environment's. Percent-encode special characters of the password."
        ),
        kind="object",
    ),
    FormField(
        name="verify",
        label="CA bundle",
        place="extra",
        description=(
            "The path, on every worker, of a PEM file with the certificate authorities to trust, for a network whose"
            " proxy uses certificates of its own. Default: true, which trusts the usual ones; false is rejected unless"
            " the host is on the worker itself."
        ),
        default=True,
        booleans=True,
    ),
    FormField(
        name="client_cert",
        label="Client certificate",
        place="extra",
        description=(
            "The path, on every worker, of a PEM file with a client certificate and its unencrypted key, or two paths"
            " separated by a comma. For mutual TLS. Rarely needed."
        ),
    ),
)

_API_KEY = ConnectionForm(
    conn_type="liveperson_api_key",
    label="LivePerson (API key, OAuth 1.0)",
    hook_class_name="airflow_provider_liveperson.hooks.api_key.LivePersonApiKeyHook",
    notice=OAUTH1_NOTICE,
    fields=(
        _HOST,
        FormField(
            name="app_key",
            label="App key",
            place="login",
            placeholder="End of OAuth 1.0 announced for 31 May 2026: prefer App-JWT",
            required=True,
        ),
        FormField(
            name="app_secret",
            label="App secret",
            place="password",
            placeholder="“Secret” on LivePerson's API keys page",
            secret=True,
            required=True,
        ),
        _ACCOUNT_ID,
        FormField(
            name="access_token",
            label="Access token",
            place="extra",
            description="“Access token” on LivePerson's API keys page.",
            secret=True,
            required=True,
        ),
        FormField(
            name="access_token_secret",
            label="Access token secret",
            place="extra",
            description="“Access token secret” on LivePerson's API keys page.",
            secret=True,
            required=True,
        ),
        *COMMON_FIELDS,
    ),
)

_APPLICATION = (
    FormField(
        name="client_id",
        label="Client ID",
        place="login",
        placeholder="from Management Console → Application Install",
        required=True,
    ),
    FormField(
        name="client_secret",
        label="Client secret",
        place="password",
        placeholder="from Management Console → Application Install",
        secret=True,
        required=True,
    ),
)

_APP_JWT = ConnectionForm(
    conn_type="liveperson_app_jwt",
    label="LivePerson (App-JWT, OAuth 2.0)",
    hook_class_name="airflow_provider_liveperson.hooks.app_jwt.LivePersonAppJwtHook",
    fields=(
        _HOST,
        *_APPLICATION,
        _ACCOUNT_ID,
        FormField(
            name="token_version",
            label="Token version",
            place="extra",
            description=(
                "Which of LivePerson's two token services to use. Default: v2, which the data APIs require; v1 is"
                " for the Connector API."
            ),
            choices=("v2", "v1"),
            default="v2",
        ),
        *COMMON_FIELDS,
    ),
)

_WEB_APP = ConnectionForm(
    conn_type="liveperson_web_app",
    label="LivePerson (web application, OAuth 2.0)",
    hook_class_name="airflow_provider_liveperson.hooks.web_app.LivePersonWebAppHook",
    notice=(
        "After saving, a LivePerson user has to consent: open the LivePerson page in Airflow's Admin menu and press"
        " Authorize."
    ),
    fields=(
        _HOST,
        *_APPLICATION,
        _ACCOUNT_ID,
        FormField(
            name="redirect_uri",
            label="Redirect URI",
            place="extra",
            description=(
                "Where LivePerson sends the browser back to; it must be among the application's redirect URIs at"
                " LivePerson. Default: Airflow's base URL followed by /liveperson/callback."
            ),
            pattern=r"https?://[^\s#?]+",
            max_length=1024,
        ),
        FormField(
            name="pkce",
            label="PKCE",
            place="extra",
            description="Protect the consent with PKCE, which LivePerson does not document. Default: off.",
            kind="boolean",
            default=False,
        ),
        *COMMON_FIELDS,
    ),
)

_LOGIN = ConnectionForm(
    conn_type="liveperson_login",
    label="LivePerson (Login Service, user or bot)",
    hook_class_name="airflow_provider_liveperson.hooks.login.LivePersonLoginHook",
    notice=LOGIN_NOTICE,
    fields=(
        _HOST,
        FormField(
            name="user_name",
            label="User name",
            place="login",
            placeholder="of a user or bot; LivePerson asks to prefer App-JWT",
            required=True,
        ),
        FormField(
            name="password",
            label="Password",
            place="password",
            placeholder="of a user; leave empty for a bot. SSO users cannot log in here",
            secret=True,
        ),
        _ACCOUNT_ID,
        FormField(
            name="app_key",
            label="App key or client ID",
            place="extra",
            description=(
                "For a bot, instead of the password: the client ID of an OAuth 2.0 application, or the app key of an"
                " API key, whose use for bot logins LivePerson ended on 30 April 2026."
            ),
        ),
        FormField(
            name="app_secret",
            label="App secret or client secret",
            place="extra",
            description="For a bot: the secret that goes with it.",
            secret=True,
        ),
        FormField(
            name="access_token",
            label="Access token",
            place="extra",
            description="For a bot with an API key only; leave empty beside a client ID.",
            secret=True,
        ),
        FormField(
            name="access_token_secret",
            label="Access token secret",
            place="extra",
            description="For a bot with an API key only; leave empty beside a client ID.",
            secret=True,
        ),
        *COMMON_FIELDS,
    ),
)

FORMS: dict[str, ConnectionForm] = {form.conn_type: form for form in (_API_KEY, _APP_JWT, _WEB_APP, _LOGIN)}
