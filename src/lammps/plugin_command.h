#ifndef NFLOW_PLUGIN_COMMAND_H
#define NFLOW_PLUGIN_COMMAND_H

// The command `plugin` for a LAMMPS that was built without the package PLUGIN.

namespace LAMMPS_NS {

class LAMMPS;

/// Gives that LAMMPS the command, as far as `plugin load FILE ..` with styles of fixes, computes
/// and commands. One that has a command of that name keeps it.
void add_plugin_command(LAMMPS *lmp);

} // namespace LAMMPS_NS

#endif
