// What LAMMPS calls when it loads nflowplugin.so: checks that the plugin fits and registers the
// styles.

// Everything in here is hidden but the one function that LAMMPS looks up.
#pragma GCC visibility push(default)
#include "lammpsplugin.h"
#pragma GCC visibility pop

#include "base/version.h"
#include "comm.h"
#include "energy/fix_nflow_energy.h"
#include "mc/fix_nflow_mc.h"
#include "temper/fix_nflow_temper.h"
#include "work/compute_nflow_work.h"
#include "work/fix_nflow_lists.h"
#ifdef LMP_KOKKOS
#include "KOKKOS/compute_nflow_work_kokkos.h"
#include "KOKKOS/fix_nflow_energy_kokkos.h"
#include "KOKKOS/fix_nflow_lists_kokkos.h"
#include "KOKKOS/fix_nflow_mc_kokkos.h"
#include "KOKKOS/fix_nflow_temper_kokkos.h"
#endif
#include "lammps.h"
#include "lammps/compat.h"
#include "model/threads.h"
#include "utils.h"

#include <cctype>
#include <cstdio>
#include <string>

using namespace LAMMPS_NS;

// Of LAMMPS's C library: the same in every version, and so safe to call before anything is known of
// the host.
extern "C" int lammps_version(void *);
extern "C" int lammps_extract_setting(void *, const char *);

namespace {

/// `Base`, Fix or Compute, is what LAMMPS takes the address for.
template <class Base, class Style>
void *create(void *lmp, int narg, char **arg) {
  return static_cast<Base *>(new Style(static_cast<LAMMPS *>(lmp), narg, arg));
}

/// One sentence on what does not fit, or nothing.
std::string misfit(void *lmp) {
  const int host = lammps_version(lmp);
  if (host != NFLOW_LAMMPS_VERSION)
    return "nflowplugin.so was built for LAMMPS version " + std::to_string(NFLOW_LAMMPS_VERSION) +
           ", but this is version " + std::to_string(host) +
           ": build it against this LAMMPS (cmake -DLAMMPS_SOURCE_DIR=...); no styles were added";
  const int bytes[3] = {lammps_extract_setting(lmp, "tagint"),
                        lammps_extract_setting(lmp, "bigint"),
                        lammps_extract_setting(lmp, "imageint")};
  if (bytes[0] != sizeof(tagint) || bytes[1] != sizeof(bigint) || bytes[2] != sizeof(imageint))
    return "nflowplugin.so was built for other integer sizes (LAMMPS_SIZES) than this LAMMPS: "
           "build it against "
           "this LAMMPS; no styles were added";
  return "";
}

struct Style {
  const char *kind, *name, *info;
  lammpsplugin_factory2 *creator;
};

const Style styles[] = {
    {"fix", "nflow/mc", "Monte Carlo with proposals of a normalizing flow",
     create<Fix, FixNflowMC>},
    {"fix", "nflow/energy", "potential energy from a TorchScript file",
     create<Fix, FixNflowEnergy>},
    {"fix", "nflow/temper", "exchange of configurations between partitions, through flows",
     create<Fix, FixNflowTemper>},
    {"fix", "NFLOW/LISTS", "where the neighbor lists were built, for compute nflow/work",
     create<Fix, FixNflowLists>},
    {"compute", "nflow/work", "log-density or work of a flow at the current configuration",
     create<Compute, ComputeNflowWork>},
#ifdef LMP_KOKKOS
#define NFLOW_KOKKOS_STYLE(kind, Base, name, info, Class)                                          \
  {kind, name "/kk", info, create<Base, Class<LMPDeviceType>>},                                    \
      {kind, name "/kk/device", info, create<Base, Class<LMPDeviceType>>}, {                       \
    kind, name "/kk/host", info, create<Base, Class<LMPHostType>>                                  \
  }
    NFLOW_KOKKOS_STYLE("fix", Fix, "nflow/mc", "fix nflow/mc with Kokkos", FixNflowMCKokkos),
    NFLOW_KOKKOS_STYLE("fix", Fix, "nflow/energy", "fix nflow/energy with Kokkos",
                       FixNflowEnergyKokkos),
    NFLOW_KOKKOS_STYLE("fix", Fix, "nflow/temper", "fix nflow/temper with Kokkos",
                       FixNflowTemperKokkos),
    NFLOW_KOKKOS_STYLE("fix", Fix, "NFLOW/LISTS", "fix NFLOW/LISTS with Kokkos",
                       FixNflowListsKokkos),
    NFLOW_KOKKOS_STYLE("compute", Compute, "nflow/work", "compute nflow/work with Kokkos",
                       ComputeNflowWorkKokkos),
#endif
};

/// "lammps-nflow 0.2.0: fix nflow/mc, ..": the styles that scripts name, without their variants.
std::string greeting() {
  std::string text = std::string("lammps-nflow ") + nflow::version();
  const char *separator = ": ";
  for (const Style &style : styles) {
    const std::string name = style.name;
    if (std::isupper(static_cast<unsigned char>(name[0])) || name.find("/kk") != name.npos)
      continue;
    text += separator + (style.kind + (" " + name));
    separator = ", ";
  }
#ifdef LMP_KOKKOS
  text += " (all of them also with /kk)";
#endif
  return text + "\n";
}

} // namespace

extern "C" void lammpsplugin_init(void *lmp, void *handle, void *regfunc) {
  const auto reason = misfit(lmp);
  if (!reason.empty()) {
    // The layout of this host's classes is not known: only its C library may be used.
    if (lammps_extract_setting(lmp, "world_rank") == 0)
      fprintf(stderr, "ERROR: %s\n", reason.c_str());
    return;
  }
  nflow::use_threads(1);
  const auto register_plugin = reinterpret_cast<lammpsplugin_regfunc>(regfunc);
  lammpsplugin_t plugin{};
  plugin.version = NFLOW_LAMMPS_VERSION_TEXT;
  plugin.author = "the lammps-nflow authors";
  plugin.handle = handle;
  for (const Style &style : styles) {
    plugin.style = style.kind;
    plugin.name = style.name;
    plugin.info = style.info;
    plugin.creator.v2 = style.creator;
    register_plugin(&plugin, lmp);
  }
  auto *const lammps = static_cast<LAMMPS *>(lmp);
  if (lammps->comm->me == 0) utils::logmesg(lammps, greeting());
}
