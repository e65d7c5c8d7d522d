"""The web application: pages over the control database, by Django's templates and htmx."""
