import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A copy of a database without what the suite is tested on: of each component the built releases whose version is that of a
 * tested package, from whatever distribution release they are. Source releases stay. Returns the copy's directory and the
 * releases that were left out.
 *
 * `tested` are upstream versions by component. `modules` are the built revision's.
 */
export function databaseWithout(tested, { from, directory, modules }) {
  const { decodePrints, encodePrints, PrintsBuilder, sameRelease } = modules
  const left = []
  const work = `${directory}.part`
  rmSync(work, { recursive: true, force: true })
  mkdirSync(join(work, 'prints'), { recursive: true })
  for (const name of [
    'components',
    'background.bpf',
    'algorithm-constants.json',
    'families.json',
    'vendored-paths.json',
  ])
    if (existsSync(join(from, name))) cpSync(join(from, name), join(work, name), { recursive: true })
  for (const file of readdirSync(join(from, 'prints'))) {
    const bytes = readFileSync(join(from, 'prints', file))
    const versions = tested.get(file.replace(/\.bpf$/, '')) ?? []
    if (versions.length === 0) writeFileSync(join(work, 'prints', file), bytes)
    else {
      const prints = decodePrints(bytes)
      const isTested = ({ origin, version }) => origin === 'built' && versions.some((one) => sameRelease(version, one))
      for (const release of prints.releases.filter(isTested)) left.push(`${prints.name} ${release.version}`)
      const builder = PrintsBuilder.from(
        prints,
        prints.releases.filter((release) => !isTested(release)),
      )
      writeFileSync(join(work, 'prints', file), encodePrints(builder.finish()))
    }
  }
  rmSync(directory, { recursive: true, force: true })
  renameSync(work, directory)
  return { directory, left }
}
