#ifndef NFLOW_TEMPER_EXCHANGE_FLOWS_H
#define NFLOW_TEMPER_EXCHANGE_FLOWS_H

#include "arrays/arrays.h"
#include "bound_flow.h"
#include "lammps/atoms_platform.h"
#include "pointers.h"
#include "temper/temper_command.h"
#include "tempering/exchange.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {

/// The flows through which this partition exchanges configurations, and what they move: some
/// components of the atoms of a group.
class ExchangeFlows : protected Pointers {
 public:
  /// A flow and how it serves one partner.
  struct Route {
    RootModel *model = nullptr;
    BoundFlow *flow = nullptr;
    nflow::tempering::ExchangeMap map;
  };

  /// All must live as long as this; `whole` are all atoms in three dimensions.
  ExchangeFlows(LAMMPS *lmp, const TemperCommand &command, int igroup, Platform &platform,
                class GroupPositions &whole, class LammpsTarget &masses);
  ~ExchangeFlows() override;

  /// Loads the flows, once, and compares them with the system, before every run. `temperatures`
  /// are those of the partitions. Throws nflow::Error.
  void prepare(const std::vector<double> &temperatures);
  /// To be called before positions are read: follows exchanges of types. Throws nflow::Error.
  void follow();
  /// At the end of a run: says where the flows were not defined.
  void log_domain();
  /// Checks the flow to this partner once more, at the present configuration, in scans 16, 32, 64
  /// .. Throws nflow::Error.
  void audit(int partner, uint64_t scan, double temperature_here, double temperature_there);
  /// How configurations go to this partner; null: as they are.
  Route *route(int partner);
  /// Of the numbers that the flows move, among the coordinates of all atoms.
  const nflow::Buffer<int64_t> &places() const { return places_; }
  /// Of these numbers.
  const nflow::Buffer<double> &inverse_masses() const { return inverse_masses_; }

 private:
  bool is_partner(int partition) const;
  BoundFlow &flow(const std::string &file);
  void require_fit(BoundFlow &flow);
  void find_places(BoundFlow &flow);
  void check(BoundFlow &flow, Route &route, double here, double there);

  const TemperCommand &command_;
  int igroup_;
  Platform &platform_;
  GroupPositions &whole_;
  LammpsTarget &masses_;
  std::map<std::string, std::unique_ptr<BoundFlow>> flows_; // by file
  std::map<int, Route> routes_;                             // by partner
  nflow::Buffer<int64_t> places_;
  nflow::Buffer<double> inverse_masses_;
};

} // namespace LAMMPS_NS

#endif
