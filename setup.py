"""What is compiled: it makes training, scoring and classifying faster on processors, and all do without."""

from setuptools import Extension, setup

NATIVE = "dnabilstm/native"

setup(
    ext_modules=[
        Extension(
            "dnabilstm.native._lstm",
            [f"{NATIVE}/lstm.c"],
            depends=[f"{NATIVE}/lstm.h"],
            extra_compile_args=["-O3", "-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros"],
            optional=True,
        ),
        Extension(
            "dnabilstm.native._words", [f"{NATIVE}/words.c"], extra_compile_args=["-O3"], optional=True
        ),
    ]
)
