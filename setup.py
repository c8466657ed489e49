"""The one part that is compiled: a kernel that makes scoring faster on processors, and that scoring does without."""

from setuptools import Extension, setup

KERNELS = "dnabilstm/score/kernels"

setup(
    ext_modules=[
        Extension(
            "dnabilstm.score._lstm",
            [f"{KERNELS}/lstm.c"],
            depends=[f"{KERNELS}/lstm.h"],
            extra_compile_args=["-O3", "-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros"],
            optional=True,
        )
    ]
)
