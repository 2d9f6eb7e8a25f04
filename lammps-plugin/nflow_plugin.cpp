// What LAMMPS calls when it loads nflowplugin.so: checks that the plugin fits and registers the
// styles.

// Everything in here is hidden but the one function that LAMMPS looks up.
#pragma GCC visibility push(default)
#include "lammpsplugin.h"
#pragma GCC visibility pop

#include "base/version.h"
#include "comm.h"
#include "energy/fix_nflow_energy.h"
#include "lammps/plugin_command.h"
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
#include "input.h"
#include "lammps.h"
#include "lammps/compat.h"
#include "lammps/host_fit.h"
#include "model/threads.h"
#include "utils.h"

#include <dlfcn.h>

#include <cctype>
#include <cstdio>
#include <string>

using namespace LAMMPS_NS;

namespace {

/// `Base`, Fix or Compute, is what LAMMPS takes the address for.
template <class Base, class Style>
void *create(void *lmp, int narg, char **arg) {
  return static_cast<Base *>(new Style(static_cast<LAMMPS *>(lmp), narg, arg));
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

/// Whether the plugin fits the host; says in one sentence why not.
bool fits(void *lmp) {
  const auto reason = host_misfit(lmp, "nflowplugin.so");
  if (reason.empty()) return true;
  // The layout of this host's classes is not known: only its C library may be used.
  if (lammps_extract_setting(lmp, "world_rank") == 0)
    fprintf(stderr, "ERROR: %s; no styles were added\n", reason.c_str());
  return false;
}

void register_styles(void *lmp, void *handle, lammpsplugin_regfunc register_plugin) {
  nflow::use_threads(1);
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

} // namespace

extern "C" void lammpsplugin_init(void *lmp, void *handle, void *regfunc) {
  if (fits(lmp)) register_styles(lmp, handle, reinterpret_cast<lammpsplugin_regfunc>(regfunc));
}

/// Adds the styles to a LAMMPS that runs in this process (the handle of its C library), and the
/// command `plugin` where it has none. For programs and for LAMMPS's Python module; to be called
/// again after `clear`, as scripts load plugins again. Returns 1, or 0 after a sentence on stderr.
extern "C" __attribute__((visibility("default"))) int nflow_load(void *lmp) {
  if (!lmp) {
    fprintf(stderr, "ERROR: nflow_load() was given no LAMMPS: give the handle of one that runs; no "
                    "styles were added\n");
    return 0;
  }
  if (!fits(lmp)) return 0;
  auto *const lammps = static_cast<LAMMPS *>(lmp);
  add_plugin_command(lammps);
  // Through the command, for hosts that have their own keep a list of what they have loaded.
  Dl_info self{};
  dladdr(reinterpret_cast<void *>(&nflow_load), &self);
  lammps->input->one(std::string("plugin load \"") + self.dli_fname + "\"");
  return 1;
}
