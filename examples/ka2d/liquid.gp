# What scripts/demo_liquid.sh drew from: energies of T0, of mapped configurations and of T1; pair correlation
# functions; the training.
#
#   gnuplot -e "folder='build-apt/demo'" liquid.gp    ->  build-apt/demo/liquid.png
if (!exists("folder")) folder = "."
set terminal pngcairo size 1500,520 font "DejaVu Sans,12" noenhanced
set output folder."/liquid.png"
set multiplot layout 1,3 title "KA2D glass former, 43 atoms: a flow from T = 0.6 to T = 0.4" font ",16"
set border 3 lw 1 lc rgb "#444444"
set tics nomirror out scale 0.6
set grid lc rgb "#dddddd" lw 1
width = 0.02
bin(x) = width * (floor(x / width) + 0.5)

set title "energies"
set xlabel "U/N"
set ylabel "probability density"
set key top right samplen 1.2
file_hot = folder."/energies_T0.6.dat"; file_mapped = folder."/energies_mapped.dat"
file_cold = folder."/energies_T0.4.dat"; file_mc = folder."/energies_mc.dat"
do for [f in file_hot." ".file_mapped." ".file_cold." ".file_mc] { stats f using 1 nooutput name "S" }
count(f) = real(system("wc -l < ".f))
n_hot = count(file_hot); n_mapped = count(file_mapped); n_cold = count(file_cold); n_mc = count(file_mc)
set xrange [-2.75:-1.75]
set yrange [0:8.5]
plot file_hot using (bin($1)):(1.0/(n_hot*width)) smooth frequency with lines lw 2.5 lc rgb "#c44e52" title "T = 0.6, dynamics", \
  file_mapped using (bin($1)):(1.0/(n_mapped*width)) smooth frequency with lines lw 2.5 dt 2 lc rgb "#dd8452" title "mapped from it", \
  file_cold using (bin($1)):(1.0/(n_cold*width)) smooth frequency with lines lw 2.5 lc rgb "#4c72b0" title "T = 0.4, dynamics and swaps", \
  file_mc using (bin($1)):(1.0/(n_mc*width)) smooth frequency with points pt 7 ps 0.7 lc rgb "#222222" title "T = 0.4, fix nflow/mc"

set title "pair correlation function"
set xlabel "r"
set ylabel "g(r)"
set xrange [0.6:2.2] # beyond, pairs of the smaller species are not in the neighbour list
set yrange [0:*]
set key top right
plot folder."/rdf_T0.6.dat" using 2:3 with lines lw 2.5 lc rgb "#c44e52" title "T = 0.6, dynamics", \
  folder."/rdf_T0.4.dat" using 2:3 with lines lw 2.5 lc rgb "#4c72b0" title "T = 0.4, dynamics and swaps", \
  folder."/rdf_mc.dat" using 2:3 with points pt 7 ps 0.6 lc rgb "#222222" title "T = 0.4, fix nflow/mc"

set title "training"
set xlabel "step"
set ylabel "predicted exchange acceptance"
set xrange [*:*]
set xtics 500
set yrange [0:*]
set key bottom right
set datafile separator ","
identity = real(system("awk '/^  identity/ { print $5 }' ".folder."/train_liquid.log"))
untrained = real(system("awk '/^  untrained/ { print $5 }' ".folder."/train_liquid.log"))
plot folder."/ka2d.pt.csv" using 1:13 every ::1 with linespoints pt 7 ps 0.7 lw 2 lc rgb "#55a868" title "flow, held-out samples", \
  untrained with lines lw 2 dt 2 lc rgb "#dd8452" title "untrained dynamics", \
  identity with lines lw 2 dt 2 lc rgb "#888888" title "identity (plain exchange)"
unset multiplot
