"""What the server offers the application beyond ASGI."""

CUT = "app.cut"
"""An extension of a request's scope: its ``abort()`` ends the connection at once."""
