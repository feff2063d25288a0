"""Storage of static files in production."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]

# `import './forms.js';` and `import { color } from './colors.js';`
IMPORT = r"""(?P<matched>import(?P<names>[^'"();]*)['"](?P<url>\.[^'"]+)['"];)"""


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Files with a hash in their names, also in the imports of our JavaScript modules.

    Django's own support_js_module_import_aggregation covers every package's files, and django_htmx has some
    that import what it does not ship.
    """

    patterns: Any = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", ((IMPORT, 'import%(names)s"%(url)s";'),)),
    )
