"""The ``tables`` command: definitions of tables over landed files."""

from __future__ import annotations

import argparse

from airflow_provider_liveperson.tables.engines import ENGINES

_EPILOG = "docs/loading.md says how to use each of them, and what has been tried."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options.

    :param parser: the command's parser.
    """
    parser.epilog = _EPILOG
    parser.add_argument("--engine", required=True, help=f"one of {', '.join(ENGINES)}")
    parser.add_argument(
        "--dataset",
        action="append",
        metavar="NAME",
        help="define this dataset only; may be given several times (default: all)",
    )
    parser.add_argument(
        "--location",
        required=True,
        metavar="URI",
        help="where the folders of the datasets are, such as s3://my-lake/liveperson: bucket and prefix of the"
        " operator, or its path",
    )
    parser.add_argument(
        "--format", metavar="FORMAT", help="the file_format that was landed (default: parquet)"
    )
    parser.add_argument(
        "--schema",
        default="liveperson",
        metavar="NAME",
        help="the schema for tables and views; Athena and Glue call it a database, BigQuery a dataset (default:"
        " %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Print the definitions.

    :param args: what :func:`add_arguments` declared.
    :returns: the exit code, 0.
    :raises ConfigurationError: for an engine, dataset, location, format or schema that is not valid.
    """
    from airflow_provider_liveperson.tables.engines import definitions

    print(
        definitions(
            args.engine,
            args.dataset or (),
            location=args.location,
            file_format=args.format,
            schema=args.schema,
        ),
        end="",
    )
    return 0
