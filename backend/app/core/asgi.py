"""What the server offers the application beyond ASGI."""

CUT = "app.cut"
"""An extension of a request's scope: a function that ends its connection at once."""
