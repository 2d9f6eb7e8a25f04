// Loaded before LAMMPS's library (LD_PRELOAD), makes its C functions say what those of another
// LAMMPS would: NFLOW_OTHER_HOST is version, sizes, exceptions or
// precision (of KOKKOS).

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>

namespace {

bool other(const char *what) {
  const char *const wanted = std::getenv("NFLOW_OTHER_HOST");
  return wanted && std::strcmp(wanted, what) == 0;
}

template <class Function>
Function *real(Function *, const char *name) {
  return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" int lammps_version(void *lmp) {
  return other("version") ? 19990101 : real(&lammps_version, "lammps_version")(lmp);
}

extern "C" int lammps_extract_setting(void *lmp, const char *name) {
  if (other("sizes") && std::strcmp(name, "tagint") == 0) return 16;
  return real(&lammps_extract_setting, "lammps_extract_setting")(lmp, name);
}

extern "C" int lammps_config_has_exceptions() {
  const int has = real(&lammps_config_has_exceptions, "lammps_config_has_exceptions")();
  return other("exceptions") ? !has : has;
}

extern "C" int lammps_config_accelerator(const char *package, const char *category,
                                         const char *setting) {
  const auto has = real(&lammps_config_accelerator, "lammps_config_accelerator");
  return !other("precision") && has(package, category, setting);
}
