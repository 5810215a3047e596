# Validates the manifests on standard input, a JSON list, against the schemas of each version of Kubernetes that is named: one line for each mistake.
import functools
import json
import sys

import kubernetes_validate.utils as utils

utils.schema_contents = functools.lru_cache(None)(utils.schema_contents)
manifests = json.load(sys.stdin)
for version in sys.argv[1:]:
    if version not in [utils.major_minor(one) for one in utils.all_versions()]:
        print(f"{version}: no schemas")
    for manifest in manifests:
        name = f"{version} {manifest['kind']} {manifest['metadata']['name']}"
        try:
            utils.validate(manifest, version, strict=True)
        except utils.ValidationError as error:
            print(f"{name}: {'.'.join(str(part) for part in error.path)}: {error.message}")
        except utils.SchemaNotFoundError:
            print(f"{name}: no schema")
