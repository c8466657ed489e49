"""The JSON schemas of the workflow's configuration, from one model of it.

``configuration``  the model
``write``          its schemas; ``python -m dnabilstm.workflow_schema`` writes ``workflow/schemas/``

A test holds the files to the model.
"""
