# Where the course is not installed, on Colab for example: install it, and leave every package that is there as it is.
import importlib.metadata
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("course_utils") is None:
    with open("installed.txt", "w") as file:
        file.writelines(f"{d.name}=={d.version}\n" for d in importlib.metadata.distributions()
                        if d.name and "+" not in d.version)
    subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", "-c", "installed.txt",
                           "twelve-confusions[text,systems] @ git+https://github.com/OWNER/NAME"])
