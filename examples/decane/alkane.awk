# Writes the data file of one n-alkane of united atoms in its all-trans configuration: CH3 is type 1, CH2 type 2.
#
#   awk -v n=10 -f examples/decane/alkane.awk > examples/decane/decane.data
#
# TraPPE-UA (Martin and Siepmann, J. Phys. Chem. B 102, 2569, 1998): epsilon / k_B 98 K and 46 K, sigma 3.75 and 3.95 Angstrom,
# angles of 114 degrees with k_theta / k_B 62500 K, torsions with c1, c2, c3 over k_B of 355.03, -68.19 and 791.32 K. Its bonds
# of fixed 1.54 Angstrom are springs here, as stiff as those between carbons in OPLS-AA (Jorgensen et al., J. Am. Chem. Soc.
# 118, 11225, 1996): 268 kcal/mol/Angstrom^2. LAMMPS's K of a harmonic angle is half of k_theta, and its K of opls twice c.
BEGIN {
  if (n < 4 || n != int(n)) {
    print "alkane.awk: give the number of carbons, 4 or more: awk -v n=10 -f alkane.awk" > "/dev/stderr"
    exit 1
  }
  boltzmann = 0.0019872067 # LAMMPS's, in units real
  pi = atan2(0, -1)
  bond = 1.54
  angle = 114
  print n " united atoms of an n-alkane, units real, TraPPE-UA with OPLS-AA bonds, made by alkane.awk\n"
  print n " atoms\n" n - 1 " bonds\n" n - 2 " angles\n" n - 3 " dihedrals"
  print "2 atom types\n1 bond types\n1 angle types\n1 dihedral types\n"
  print "-50 50 xlo xhi\n-50 50 ylo yhi\n-50 50 zlo zhi\n"
  print "Masses\n\n1 15.0345 # CH3\n2 14.0266 # CH2\n"
  print "Pair Coeffs # lj/cut\n"
  printf "1 %.9g 3.75 # CH3\n2 %.9g 3.95 # CH2\n\n", 98 * boltzmann, 46 * boltzmann
  print "Bond Coeffs # harmonic\n\n1 268 " bond "\n"
  printf "Angle Coeffs # harmonic\n\n1 %.9g %g\n\n", 62500 / 2 * boltzmann, angle
  printf "Dihedral Coeffs # opls\n\n1 %.9g %.9g %.9g 0\n\n", 2 * 355.03 * boltzmann, 2 * -68.19 * boltzmann, 2 * 791.32 * boltzmann
  print "Atoms # molecular\n"
  half = angle / 2 * pi / 180
  for (i = 1; i <= n; i++)
    printf "%d 1 %d %.7f %.7f 0\n", i, i == 1 || i == n ? 1 : 2, (i - (n + 1) / 2) * bond * sin(half), (i % 2 - 0.5) * bond * cos(half)
  print "\nBonds\n"
  for (i = 1; i < n; i++) print i, 1, i, i + 1
  print "\nAngles\n"
  for (i = 1; i < n - 1; i++) print i, 1, i, i + 1, i + 2
  print "\nDihedrals\n"
  for (i = 1; i < n - 2; i++) print i, 1, i, i + 1, i + 2, i + 3
}
