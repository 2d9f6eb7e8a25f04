#include "lammps/plugin_command.h"

#include "lammps/compat.h"

#include "command.h"
#include "input.h"
#include "lammps.h"
#include "lammpsplugin.h"

#include <dlfcn.h>

#include <string>

namespace LAMMPS_NS {

namespace {

int registered = 0; // styles, in this process

/// What an initialiser of plugins calls: adds a style to the tables of that LAMMPS.
void register_style(lammpsplugin_t *plugin, void *lmp) {
  const lammpsplugin_t &style = *plugin;
  auto *const lammps = static_cast<LAMMPS *>(lmp);
  const std::string kind = style.style;
  if (kind == "fix")
    (*lammps->modify->fix_map)[style.name] = reinterpret_cast<Modify::FixCreator>(style.creator.v2);
  else if (kind == "compute")
    (*lammps->modify->compute_map)[style.name] =
        reinterpret_cast<Modify::ComputeCreator>(style.creator.v2);
  else if (kind == "command")
    (*lammps->input->command_map)[style.name] =
        reinterpret_cast<Input::CommandCreator>(style.creator.v1);
  else
    return;
  registered++;
}

class PluginCommand : public Command {
 public:
  explicit PluginCommand(LAMMPS *lmp) : Command(lmp) {}

  void command(int narg, char **arg) override {
    if (narg < 2 || std::string(arg[0]) != "load")
      compat::stop(error, FLERR,
                   "The form is 'plugin load FILE ..': this LAMMPS was built without the package "
                   "PLUGIN, which has more");
    for (int i = 1; i < narg; i++) load(arg[i]);
  }

 private:
  /// As that package does, but what cannot be loaded is an error.
  void load(const std::string &file) {
    void *const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (!handle)
      compat::stop(error, FLERR,
                   "plugin load: '" + file + "' cannot be opened (" + dlerror() +
                       "): give the path of the plugin's file, nflowplugin.so");
    const auto init = reinterpret_cast<lammpsplugin_initfunc>(dlsym(handle, "lammpsplugin_init"));
    if (!init)
      compat::stop(error, FLERR,
                   "plugin load: '" + file +
                       "' is no plugin of LAMMPS (it has no lammpsplugin_init): give the path of "
                       "the plugin's file, nflowplugin.so");
    const int before = registered;
    init(lmp, handle, reinterpret_cast<void *>(&register_style));
    if (registered == before)
      compat::stop(error, FLERR,
                   "plugin load: '" + file +
                       "' added no styles: what it says above has the reason, or its styles are of "
                       "other kinds than fix, compute and command");
  }
};

Command *create_plugin_command(LAMMPS *lmp) {
  return new PluginCommand(lmp);
}

} // namespace

void add_plugin_command(LAMMPS *lmp) {
  lmp->input->command_map->emplace("plugin", create_plugin_command);
}

} // namespace LAMMPS_NS
