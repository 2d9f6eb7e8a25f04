// What it costs to read and replace the positions of all atoms, against the energy evaluation that
// follows, by number of atoms; on any number of ranks, on the host or where Kokkos keeps the atoms:
//   mpirun -np 2 positions [LAMMPS's options, such as -k on -sf kk]
// Two liquids: KA2D, as cheap a potential as there is, and Lennard-Jones in 3D. Atoms lie in memory
// as in space, as LAMMPS sorts them, and their IDs are in random order. Every round does all of it
// in turn, so that an energy evaluation has emptied the caches before. Numbers are the lowest
// deciles over the rounds, of the processor time of the rank that used most: neither other programs
// on the machine nor a rank that waits for one that was interrupted by them shall count.

#include "arrays/arrays.h"
#include "base/error.h"
#include "lammps/atoms_platform.h"
#include "lammps/compat.h"
#include "lammps/group_positions.h"
#include "lammps/potential_energy.h"
#ifdef LMP_KOKKOS
#include "KOKKOS/kokkos_platform.h"
#endif

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "input.h"
#include "lammps.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <memory>
#include <mpi.h>
#include <random>
#include <string>
#include <vector>

using namespace LAMMPS_NS;
using nflow::Buffer;

namespace {

constexpr int least_rounds = 20;
constexpr double seconds = 5.0; // of rounds

double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

std::unique_ptr<LAMMPS> start_lammps(const std::vector<std::string> &options) {
  std::vector<std::string> words{"lammps", "-log", "none", "-screen", "none", "-nocite"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char *> arguments;
  for (auto &word : words) arguments.push_back(&word[0]);
  arguments.push_back(nullptr);
  return std::make_unique<LAMMPS>(static_cast<int>(words.size()), arguments.data(), MPI_COMM_WORLD);
}

/// The atoms with the same types at places chosen at random among these.
std::vector<double> shuffled(const std::vector<double> &x, const std::vector<int> &types) {
  const size_t dim = x.size() / types.size();
  std::map<int, std::vector<int64_t>> places;
  for (size_t i = 0; i < types.size(); i++) places[types[i]].push_back(i);
  std::mt19937 random(1);
  std::vector<double> result(x.size());
  for (auto &of_type : places) {
    const auto from = of_type.second;
    std::shuffle(of_type.second.begin(), of_type.second.end(), random);
    for (size_t k = 0; k < from.size(); k++)
      std::copy_n(&x[dim * from[k]], dim, &result[dim * of_type.second[k]]);
  }
  return result;
}

/// One system and what is measured of it.
class Measurement {
 public:
  Measurement(LAMMPS *lmp, Platform &platform)
      : lmp_(lmp), arrays_(platform.arrays()),
        positions_(platform.positions(lmp, 0 /* all */, lmp->domain->dimension, true)),
        potential_(lmp, platform), here_(arrays_), there_(arrays_), rows_(arrays_) {
    positions_->init();
    potential_.init();
    const int64_t n = positions_->size();
    for (auto buffer : {&here_, &there_}) buffer->resize(n * lmp->domain->dimension);
    rows_.resize(n * 3);
    positions_->read(here_.data());
    place(shuffled(here_.on_host(), positions_->system().types));
  }

  std::map<std::string, double> deciles() {
    const double end = MPI_Wtime() + seconds;
    double left = 1.0;
    for (int rounds = 0; rounds < least_rounds || left > 0.0; rounds++) {
      round();
      left = end - MPI_Wtime();
      MPI_Bcast(&left, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD); // all end together
    }
    std::map<std::string, double> result;
    for (auto &item : times_) {
      auto &values = item.second;
      const auto decile = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 10);
      std::nth_element(values.begin(), decile, values.end());
      result[item.first] = *decile;
    }
    return result;
  }

 private:
  /// Puts the atoms there, lets LAMMPS sort them, and makes a second configuration nearby.
  void place(const std::vector<double> &x) {
    here_.assign(x.data(), x.size());
    positions_->replace(here_.data());
    potential_.migrate();
    lmp_->input->one("run 0 post no");
    positions_->read(here_.data());
    auto near = here_.on_host();
    for (double &coordinate : near) coordinate += 0.05;
    there_.assign(near.data(), near.size());
  }

  template <class Work>
  void time(const char *name, const Work &work) {
    MPI_Barrier(MPI_COMM_WORLD);
    double used = -cpu_seconds();
    work();
    arrays_.fence();
    used += cpu_seconds();
    MPI_Allreduce(MPI_IN_PLACE, &used, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    times_[name].push_back(1e6 * used);
  }

  void round() {
    using Field = GroupPositions::Field;
    auto &positions = *positions_;
    time("read", [&] { positions.read(here_.data()); });
    time("replace", [&] {
      if (!positions.replace(there_.data())) throw nflow::Error("positions are not possible");
    });
    time("energy", [&] { potential_.evaluate(); });
    time("gather", [&] { positions.gather(Field::velocity, 3, rows_.data()); });
    time("scatter", [&] { positions.scatter(Field::velocity, rows_.data(), 3); });
    time("restore", [&] { positions.restore(); });
    potential_.evaluate();
  }

  LAMMPS *lmp_;
  nflow::Arrays &arrays_;
  std::unique_ptr<GroupPositions> positions_;
  PotentialEnergy potential_;
  Buffer<double> here_, there_, rows_;
  std::map<std::string, std::vector<double>> times_;
};

/// KA2D, `side` x `side` times the atoms of the example, or a Lennard-Jones liquid of 4 `side`^3
/// atoms. `gap`: without the atom in the middle, so that IDs are not consecutive.
struct System {
  const char *name;
  int side;
  bool gap;
};

void make_system(LAMMPS *lmp, const System &system) {
  const std::string side = std::to_string(system.side);
  const auto commands = [&](const std::vector<std::string> &lines) {
    for (const auto &line : lines) lmp->input->one(line);
  };
  commands({"clear"});
  if (system.name == std::string("KA2D"))
    commands({"include examples/ka2d/in.system", "replicate " + side + " " + side + " 1"});
  else
    commands({"units lj", "atom_modify map array", "lattice fcc 0.8442",
              "region box block 0 " + side + " 0 " + side + " 0 " + side, "create_box 1 box",
              "create_atoms 1 box", "mass 1 1.0", "pair_style lj/cut 2.5", "pair_coeff * * 1 1"});
  if (system.gap)
    commands({"group gone id " + std::to_string(lmp->atom->natoms / 2),
              "delete_atoms group gone compress no"});
  commands({"run 0 post no"});
}

const char *const columns[] = {"read", "replace", "restore", "gather", "scatter", "energy"};

void measure(LAMMPS *lmp, Platform &platform, const System &system) {
  make_system(lmp, system);
  auto times = Measurement(lmp, platform).deciles();
  if (lmp->comm->me > 0) return;
  std::printf("%-14s %5d %-4s %8lld %-11s", platform.name().c_str(), lmp->comm->nprocs, system.name,
              static_cast<long long>(lmp->atom->natoms), system.gap ? "with a gap" : "consecutive");
  for (const char *name : columns) std::printf(" %10.1f", times[name]);
  std::printf(" %8.4f %8.4f\n", times["replace"] / times["energy"],
              times["read"] / times["energy"]);
  std::fflush(stdout);
}

void print_header() {
  std::printf("microseconds of processor time; replace (in each attempt) and read (in each call of "
              "the fix) over energy\n%-14s %5s %-4s %8s %-11s",
              "", "ranks", "", "atoms", "IDs");
  for (const char *name : columns) std::printf(" %10s", name);
  std::printf(" %8s %8s\n", "replace", "read");
}

void measure_all(const std::vector<std::string> &options) {
  const auto lmp = start_lammps(options);
  Platform *platform = &host_platform();
#ifdef LMP_KOKKOS
  std::unique_ptr<Platform> on_kokkos; // goes before LAMMPS and its Kokkos
  if (lmp->kokkos) {
    on_kokkos = std::make_unique<KokkosPlatform<LMPDeviceType>>(lmp.get(), "positions");
    platform = on_kokkos.get();
  }
#endif
  if (lmp->comm->me == 0) print_header();
  for (const bool gap : {false, true})
    for (const int side : {5, 15, 48}) measure(lmp.get(), *platform, {"KA2D", side, gap});
  for (const int side : {6, 14, 29}) measure(lmp.get(), *platform, {"LJ", side, false});
}

} // namespace

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const auto fail = [&](const std::string &text) {
    std::fprintf(stderr, "Error: %s\n", text.c_str());
    MPI_Abort(MPI_COMM_WORLD, 2);
  };
  try {
    const std::vector<std::string> options(argv + 1, argv + argc);
    compat::guarded([&] { measure_all(options); },
                    [&](const std::string &text, bool) { fail(text); });
  } catch (const std::exception &e) {
    fail(e.what());
  }
  MPI_Finalize();
}
