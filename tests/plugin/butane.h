#ifndef NFLOW_TESTS_BUTANE_H
#define NFLOW_TESTS_BUTANE_H

#include "base/units.h"
#include "support/run_lammps.h"
#include "support/tree_molecule.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace nflow::tests {

/// Butane of united atoms in open space, in units of real: bonds, angles and a torsion, and no
/// pairs, so that every average is a product of quadratures. The chain is 3-1-4-2: bonds are not in
/// the order of the IDs.
struct Butane {
  static constexpr double hot = 600.0, cold = 300.0;
  static double kT(double temperature) { return boltzmann_constant("real") * temperature; }
  static const TreeMolecule &molecule() {
    static const TreeMolecule made(molecule_of({1, 1, 1, 1}, {{3, 1}, {1, 4}, {4, 2}}));
    return made;
  }

  /// A flow from 3000 samples at 600 K (write_internal_flow()).
  static void write_flow(const std::string &path, const std::string &architecture = "tsf-internal",
                         double spoil = 0.0) {
    write_internal_flow(path, architecture, molecule().molecule(),
                        molecule().samples(3000, kT(hot), 17), "real", hot, spoil);
  }
  /// Independent samples at 600 K.
  static void write_dump(const std::string &path, int64_t count) {
    std::ofstream dump(path);
    dump.precision(17);
    const auto x = molecule().samples(count, kT(hot), 29);
    for (int64_t i = 0; i < count; i++) {
      dump << "ITEM: TIMESTEP\n"
           << i << "\nITEM: NUMBER OF ATOMS\n4\nITEM: BOX BOUNDS ff ff ff\n"
           << "-60 60\n-60 60\n-60 60\nITEM: ATOMS id type x y z\n";
      for (int64_t a = 0; a < 4; a++) {
        dump << a + 1 << " 1";
        for (int64_t k = 0; k < 3; k++) dump << ' ' << x[12 * i + 3 * a + k];
        dump << '\n';
      }
    }
  }
  /// Starts from a sample at 300 K.
  static void write_data(const std::string &path) {
    std::ofstream data(path);
    data.precision(17);
    data << "butane\n\n4 atoms\n3 bonds\n2 angles\n1 dihedrals\n1 atom types\n1 bond types\n"
            "1 angle types\n1 dihedral types\n-60 60 xlo xhi\n-60 60 ylo yhi\n-60 60 zlo zhi\n\n"
            "Masses\n\n1 14.5\n\nAtoms\n\n";
    const auto x = molecule().samples(1, kT(cold), 23);
    for (int i = 3; i >= 0; i--)
      data << i + 1 << " 1 1 " << x[3 * i] << ' ' << x[3 * i + 1] << ' ' << x[3 * i + 2] << '\n';
    data << "\nBonds\n\n1 1 3 1\n2 1 1 4\n3 1 4 2\n\nAngles\n\n1 1 3 1 4\n2 1 1 4 2\n\n"
            "Dihedrals\n\n1 1 3 1 4 2\n";
  }
  static std::string start(const std::string &from = "") {
    write_data("butane.data");
    return "units real\natom_style molecular\natom_modify map array sort 0 0\nboundary f f f\n"
           "bond_style harmonic\nangle_style harmonic\ndihedral_style opls\n"
           "special_bonds lj 0.0 0.0 0.0\n" +
           (from.empty() ? std::string("read_data butane.data\n") : "read_restart " + from + "\n");
  }
  static std::string settings() {
    const TreeForces forces;
    std::ostringstream text;
    text.precision(17);
    text << "pair_style zero 8.0\npair_coeff * *\nneighbor 2.0 nsq\nbond_coeff 1 " << forces.bond
         << ' ' << forces.length << "\nangle_coeff 1 " << forces.angle << ' '
         << forces.rest * 180.0 / M_PI << "\ndihedral_coeff 1 " << forces.opls[0] << ' '
         << forces.opls[1] << ' ' << forces.opls[2] << " 0.0\n";
    return text.str();
  }
  /// Thermo output: step, energy, the positions of the four atoms, `columns`.
  static std::string thermo(const std::string &columns = "") {
    std::string text, names;
    for (int i = 1; i <= 4; i++)
      for (const char axis : {'x', 'y', 'z'}) {
        const std::string name = std::string(1, axis) + std::to_string(i);
        text += "variable " + name + " equal " + axis + "[" + std::to_string(i) + "]\n";
        names += "v_" + name + " ";
      }
    return text + "thermo_style custom step pe " + names + columns +
           "\nthermo_modify norm no format float %20.17g\n";
  }

  /// What is compared with quadrature.
  static std::vector<std::string> names() {
    return {"r1", "r2^2", "r3", "cos theta", "cos phi", "sin phi", "cos 3 phi", "energy"};
  }
  static std::vector<double> observables(const double *x, double energy) {
    const auto z = molecule().internal(x);
    return {z[3],
            z[6] * z[6],
            z[9],
            std::cos(z[7]),
            std::cos(z[11]),
            std::sin(z[11]),
            std::cos(3.0 * z[11]),
            energy};
  }
  static std::vector<double> exact(double temperature) {
    const auto &m = molecule();
    const double tau = kT(temperature);
    const auto itself = [](double v) { return v; };
    return {m.average(3, tau, itself),
            m.average(6, tau, [](double v) { return v * v; }),
            m.average(9, tau, itself),
            m.average(7, tau, [](double v) { return std::cos(v); }),
            m.average(11, tau, [](double v) { return std::cos(v); }),
            0.0,
            m.average(11, tau, [](double v) { return std::cos(3.0 * v); }),
            m.mean_energy(tau)};
  }
  /// Of thermo rows, but for the first `skip`: one series for each observable.
  static std::vector<std::vector<double>> series(const std::vector<std::vector<double>> &rows,
                                                 size_t skip) {
    std::vector<std::vector<double>> all(names().size());
    for (size_t i = skip; i < rows.size(); i++) {
      const auto values = observables(&rows[i].at(2), rows[i].at(1));
      for (size_t k = 0; k < all.size(); k++) all[k].push_back(values[k]);
    }
    return all;
  }
  /// How far, at most, position and orientation of the molecule are from those in the first row,
  /// and its bonds, angles and torsion.
  static std::pair<double, double> motion(const std::vector<std::vector<double>> &rows) {
    const auto first = molecule().internal(&rows.at(0).at(2));
    double frame = 0.0, shape = 0.0;
    for (const auto &row : rows) {
      const auto z = molecule().internal(&row.at(2));
      for (int64_t place = 0; place < molecule().size(); place++) {
        double &most = TreeMolecule::carried(place) ? frame : shape;
        most = std::max(most, std::fabs(z[place] - first[place]));
      }
    }
    return {frame, shape};
  }
};

} // namespace nflow::tests

#endif
