#ifndef NFLOW_REFERENCE_COMMANDS_H
#define NFLOW_REFERENCE_COMMANDS_H

namespace CLI {
class App;
}

namespace nflow::reference {

// Each adds one subcommand of nflow-reference to `app`; its callback does the work and throws
// nflow::Error for what the user must change.
void add_multiwell(CLI::App &app);
void add_doublewell64(CLI::App &app);
void add_exact(CLI::App &app);
void add_sample(CLI::App &app);
void add_evaluate(CLI::App &app);
void add_ka2d_table(CLI::App &app);
void add_gb_obc(CLI::App &app);
void add_average(CLI::App &app);
/// Its callback sets `exit_code` to 1 when the samples disagree with the exact values.
void add_compare(CLI::App &app, int &exit_code);

} // namespace nflow::reference

#endif
