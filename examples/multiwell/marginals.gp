# Marginal densities of the first five coordinates at three temperatures: Monte Carlo samples with error bars
# against the exact density, from the files that 'nflow-reference compare --density' wrote.
#
#   gnuplot -e "folder='build-apt/demo'" marginals.gp    ->  build-apt/demo/marginals.png
if (!exists("folder")) folder = "."
temperatures = "1 0.5 0.3"
colours = "#c44e52 #dd8452 #4c72b0"
file(i) = sprintf("%s/density_T%s.csv", folder, word(temperatures, i))

set terminal pngcairo size 1400,720 font "DejaVu Sans,13" noenhanced
set output folder."/marginals.png"
set datafile separator ","
set multiplot
set border 3 lw 1 lc rgb "#444444"
set tics nomirror out scale 0.6
set ytics nomirror out scale 0.6
set grid ytics lc rgb "#dddddd" lw 1
set xrange [-4.5:4.5]
set xtics -4,2,4
unset key
set label 1 "20-dimensional multi-well, sampled in LAMMPS with one flow that was trained at T = 1" \
  at screen 0.5,0.965 center font ",17"
set label 2 "marginal density" at screen 0.018,0.5 center rotate

left = 0.07; gap = 0.016; width = (0.925 - left - 4*gap) / 5
bottom = 0.105; space = 0.035; height = (0.885 - bottom - 2*space) / 3
do for [t = 1:3] {
  # One scale for a row, so that its heights can be compared.
  set yrange [*:*]
  stats file(t) using ($5 > $3 + $4 ? $5 : $3 + $4) nooutput
  set yrange [0:1.08*STATS_max]
  step = STATS_max > 1 ? 0.5 : 0.2
  set ytics 0,step
  low = bottom + (3-t)*(height+space)
  set bmargin at screen low
  set tmargin at screen low + height
  do for [c = 1:5] {
    set lmargin at screen left + (c-1)*(width+gap)
    set rmargin at screen left + (c-1)*(width+gap) + width
    if (c == 1) { set format y "%.1f" } else { set format y "" }
    if (t == 3) { set format x "%g"; set xlabel sprintf("x%d", c) } else { set format x ""; unset xlabel }
    if (c == 5) { set label 3 sprintf("T = %s", word(temperatures, t)) at screen 0.934,low+0.5*height left \
                    font ",15" tc rgb word(colours, t) } else { unset label 3 }
    if (t == 1 && c == 1) {
      set key at screen 0.465,0.935 center top vertical maxrows 1 samplen 2.5 width 2
    } else { unset key }
    plot file(t) index (c-1) using 2:5 with lines lw 1.6 lc rgb "#222222" title "exact", \
         file(t) index (c-1) using 2:3:4 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb word(colours, t) \
           title "Monte Carlo, with error bars"
    unset label 1
    unset label 2
  }
}
unset multiplot
