# A recipe for Spack 1.0 or newer: lammps-nflow for the LAMMPS of Spack. Nobody has run it yet; that it is Python, and
# that its version is the project's, is tested. docs/clusters.md says how to use it.
import os

from spack_repo.builtin.build_systems.cmake import CMakePackage

from spack.package import *


class LammpsNflow(CMakePackage):
    """Normalizing flows for Monte Carlo and replica exchange in LAMMPS."""

    # Of a checkout, by git archive, in the folder in which Spack is started.
    url = "file://{0}/lammps-nflow-0.3.0.tar.gz".format(os.getcwd())
    manual_download = True

    license("GPL-2.0-only")

    version("0.3.0")

    # LAMMPS installs a part of its headers: all of them come from the source of the same version. One line for each
    # version that the plugin has been tested with; the number on the left is Spack's.
    tags_of_lammps = {
        "20210929.3": "stable_29Sep2021_update3",
        "20250204": "patch_4Feb2025",
    }
    for lammps_version, tag in tags_of_lammps.items():
        resource(
            name="lammps-headers",
            git="https://github.com/lammps/lammps.git",
            tag=tag,
            placement="lammps-headers",
            when="^lammps@={0}".format(lammps_version),
        )

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.18:", type="build")
    depends_on("mpi")
    depends_on("lammps@{0} +lib+mpi+plugin".format(",".join("=" + v for v in tags_of_lammps)))
    # A proposal for which LAMMPS stops with an error is then a rejection. Newer versions always have them.
    depends_on("lammps+exceptions", when="^lammps@:20230802.1")
    depends_on("py-torch@1.13:")
    depends_on("nlohmann-json")
    depends_on("random123")
    depends_on("xsimd")
    depends_on("cli11")
    depends_on("zlib-api")

    # The plugin learns from the build tree of LAMMPS which Kokkos it has, and Spack keeps none.
    conflicts("^lammps+kokkos")

    def cmake_args(self):
        lammps = self.spec["lammps"].prefix
        library = find_libraries("liblammps", lammps, shared=True, recursive=True)
        return [
            self.define("LAMMPS_SOURCE_DIR", join_path(self.stage.source_path, "lammps-headers")),
            self.define("LAMMPS_LIBRARY", library[0]),
            self.define("CMAKE_INSTALL_LIBDIR", "lib"),
            self.define("NFLOW_TESTS", False),
            self.define("NFLOW_BENCH", False),
        ]

    def setup_run_environment(self, env):
        # So that `plugin load nflowplugin.so` finds it in every LAMMPS.
        env.prepend_path("LD_LIBRARY_PATH", join_path(self.prefix.lib, "lammps-nflow"))
