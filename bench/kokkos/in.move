# What an attempt of fix nflow/mc costs, as the fix itself and LAMMPS measure it, after a warm-up. From the root of the repository:
#
#   lmp [-k on] [-sf kk] -in bench/kokkos/in.move -var model FILE.pt -var start FILE.data -var move "excursion steps 10 timestep 0.01"
#       [-var host yes] [-var batch 64] [-var calls 10]
#
# Every call makes as many attempts as a batch has. host = yes: the fix of the host, whatever the other styles are. The line MOVE
# of the log: microseconds an attempt of the flow, of energies, of all (wall time) and of the processor; acceptance.
variable plugin index build/lib/nflowplugin.so
variable host   index no
variable batch  index 64
variable calls  index 10
variable folder index examples/ka2d

plugin       load ${plugin}
include      ${folder}/in.system
if "${host} == yes" then "suffix off"
fix          mc all nflow/mc 1 ${batch} 4711 0.9 ${model} batch ${batch} move ${move}
if "${host} == yes" then "suffix on"
thermo_style custom step pe f_mc f_mc[1] f_mc[7] f_mc[8] f_mc[9] f_mc[13]
thermo       1000000

run          1
variable     attempts_before equal $(f_mc[1])
variable     flow_before     equal $(f_mc[7]*f_mc[1])
variable     energy_before   equal $(f_mc[8]*f_mc[1])
variable     total_before    equal $(f_mc[9]*f_mc[1])
variable     cpu_before      equal $(f_mc[13])
run          ${calls}
variable     per equal 1e6/(f_mc[1]-v_attempts_before)
variable     flow   equal v_per*(f_mc[7]*f_mc[1]-v_flow_before)
variable     energy equal v_per*(f_mc[8]*f_mc[1]-v_energy_before)
variable     total  equal v_per*(f_mc[9]*f_mc[1]-v_total_before)
variable     cpu    equal v_per*(f_mc[13]-v_cpu_before)
print        "MOVE ${flow} ${energy} ${total} ${cpu} $(f_mc)"
