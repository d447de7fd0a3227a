"""JSON Schemas of what others read: of a window's manifest, and of the summary that an operator returns.

>>> import json
>>> from importlib.resources import files
>>> json.loads(files("airflow_provider_liveperson.schemas").joinpath("manifest.json").read_text())["title"]
'Manifest'

They are made from the code by ``python -m devtools.schemas``. Fields are added, never renamed or removed, so a
reader ignores those that it does not know.
"""
