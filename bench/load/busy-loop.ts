/** Takes a given share of one CPU, measured by the CPU time it really got, until it is ended. */

const share = Number(process.argv[2])
const SLICE_MS = 2
const start = performance.now()

function turn(): void {
  const cpu = process.cpuUsage()
  const due = (performance.now() - start) * share - (cpu.user + cpu.system) / 1000
  const end = performance.now() + Math.min(due, SLICE_MS)
  while (performance.now() < end);
  if (due > SLICE_MS) setImmediate(turn)
  else setTimeout(turn, 1)
}

turn()
