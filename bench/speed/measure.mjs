/** The middle value, or the mean of the two middle ones. */
export function median(values) {
  if (values.length === 0) throw new TypeError('median of nothing')
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[sorted.length >> 1] + sorted[(sorted.length - 1) >> 1]) / 2
}

/** The list begun at another place each round, so that nobody always runs behind the same neighbour. */
export function rotated(list, round) {
  const start = list.length === 0 ? 0 : round % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}

/**
 * CPU time of all threads and wall time of a step, in milliseconds, and what it returned.
 *
 * CPU time holds what the engine does beside: compiling and collecting garbage.
 */
export async function timed(step) {
  const wallBefore = performance.now()
  const cpuBefore = process.cpuUsage()
  const value = await step()
  const { user, system } = process.cpuUsage(cpuBefore)
  return { cpu: (user + system) / 1000, wall: performance.now() - wallBefore, value }
}

/**
 * Runs every task once a round, in rotated order, and returns the CPU milliseconds of each by round. The first `warm`
 * rounds are not counted: in them code is compiled and caches fill. Each turn runs the task `repeat` times and counts the
 * mean: a step of few milliseconds is all noise.
 */
export async function interleave(tasks, { rounds, warm = 1, repeat = 1 }) {
  const times = new Map(tasks.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds + warm; round++)
    for (const task of rotated(tasks, round)) {
      const { cpu } = await timed(async () => {
        for (let turn = 0; turn < repeat; turn++) await task.run()
      })
      if (round >= warm) times.get(task.name).push(cpu / repeat)
    }
  return times
}

/**
 * One thing as multiples of another: the median of the ratios within each round, with the smallest and the largest.
 * Both were measured side by side, so that what slows a round slows both. `fastest` is the ratio of the fastest rounds of
 * either: a neighbour only ever adds, so on a busy machine that is the steadiest figure.
 */
export function ratio(times, base) {
  const ratios = times.map((time, round) => time / base[Math.min(round, base.length - 1)])
  return {
    median: median(ratios),
    least: Math.min(...ratios),
    most: Math.max(...ratios),
    fastest: Math.min(...times) / Math.min(...base),
  }
}
