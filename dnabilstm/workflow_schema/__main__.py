"""``python -m dnabilstm.workflow_schema [FOLDER]``."""

import sys
from pathlib import Path

from dnabilstm.workflow_schema.write import write_schemas

write_schemas(Path(sys.argv[1] if len(sys.argv) > 1 else "workflow/schemas"))
