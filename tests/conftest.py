"""What all tests share."""

import structlog
from hypothesis import settings
from structlog.tracebacks import ExceptionDictTransformer

# How long an example takes says nothing on a busy machine.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# As the product writes its log (the library's own way shows every local of every frame, and takes seconds for it).
structlog.configure(
    [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        structlog.processors.JSONRenderer(default=repr),
    ]
)
