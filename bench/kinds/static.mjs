import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withoutVersions } from '../static/blind.mjs'
import { summarise } from '../static/score.mjs'
import { digestOfClaims } from './corpus.mjs'

/**
 * The programs that a run of the static suite kept in `directory`, by its `programs.json`: label and features of each, as it
 * is and with its versions overwritten. `prefilter` keeps what the whole database may hold.
 */
export function readPrograms(directory, prefilter, { bytesSource, extractFeatures, readProgram }) {
  const list = join(directory, 'programs.json')
  if (!existsSync(list)) throw new Error(`need ${list}: npm run bench:static writes it`)
  return JSON.parse(readFileSync(list, 'utf8')).map(({ path, label }) => {
    const bytes = new Uint8Array(readFileSync(join(directory, path)))
    const blind = withoutVersions(bytes, readProgram(bytesSource(bytes)).sections)
    const [plain, overwritten] = [bytes, blind].map((each) => extractFeatures(bytesSource(each), { prefilter }))
    return { label, plain, blind: overwritten }
  })
}

/** Upstream versions by component that the programs hold, which no build in the database may have. */
export function testedVersions(programs) {
  const tested = new Map()
  for (const { label } of programs)
    for (const { name, version } of label.components) tested.set(name, [...(tested.get(name) ?? []), version])
  return tested
}

/** What a database finds in the programs: sums over components as in the static suite, and digests of the claims. */
export async function scorePrograms(db, { programs, naming }, { identifyFeatures, judgeFile }) {
  const pairs = { plain: [], blind: [] }
  const claims = []
  for (const program of programs)
    for (const side of ['plain', 'blind']) {
      const { components } = await identifyFeatures(program[side], db)
      pairs[side].push(...judgeFile(program.label, components, naming).pairs)
      claims.push(digestOfClaims(components))
    }
  return { figures: { plain: summarise(pairs.plain), blind: summarise(pairs.blind) }, claims }
}
