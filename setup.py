"""The wheel brings the lessons and what they read, beside the package (ensgen_tutorial/course/lessons.py)."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


class BuildWithLessons(build_py):
    def run(self):
        super().run()
        if getattr(self, "editable_mode", False):
            return                                      # a checkout has them anyway
        target = Path(self.build_lib) / "ensgen_tutorial" / "course" / "lessons_files"
        for folder, pattern in (("notebooks", "*.ipynb"), ("benchmarks", "*.json"), ("benchmarks", "*.npz")):
            (target / folder).mkdir(parents=True, exist_ok=True)
            for path in (ROOT / folder).glob(pattern):
                shutil.copy(path, target / folder)


setup(cmdclass={"build_py": BuildWithLessons})
