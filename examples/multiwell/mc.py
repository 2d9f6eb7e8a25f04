# in.mc from Python, with LAMMPS's own module in a LAMMPS of anybody's: python3 mc.py PLUGIN [options of lmp]
import ctypes, sys
from lammps import lammps

lmp = lammps(cmdargs=sys.argv[2:])
ctypes.CDLL(sys.argv[1]).nflow_load(lmp.lmp)
lmp.file(sys.path[0] + "/in.mc")
