import { readFileSync } from 'node:fs'
import { table } from '../snippets/tables.mjs'
import { CARRIED, CARRIERS } from './carriers.mjs'
import { summarise } from './score.mjs'

/** What ten carriers in the database change, as Markdown: against the result of the same programs without them. */
export function toCarriersMarkdown({ command, tool, way, suite, programs, ours, missing }) {
  const before = JSON.parse(readFileSync(new URL('../results/static.json', import.meta.url), 'utf8')).plain
  const rows = CARRIED.map((component) => {
    const of = (pairs) => summarise(pairs.filter((pair) => pair.component === component))
    const [without, own] = [of(before), of(ours.plain)]
    return [component, own.labelled, without.found, own.found, without.right, own.right]
  })
  const names = CARRIERS.map((carrier) => carrier.package)
  const claimed = names.map((name) => {
    const pairs = ours.plain.filter(({ component, outcome }) => component === name && outcome === 'false')
    return [name, pairs.length, [...new Set(pairs.map(({ archive }) => archive))].join(', ')]
  })
  const others = (pairs) => summarise(pairs.filter(({ component }) => !names.includes(component)))
  const [all, own] = [others(before), others(ours.plain)]
  return [
    `# Carriers in the database, ${way === 'renamed' ? 'their copies in folders without a name' : 'as they are'}`,
    '',
    `\`${command}\`; binprint ${tool}. How to read it: bench/README.md.`,
    '',
    `The ${programs} programs of [static.md](static.md), linked with archives of ${suite}. Beside the database of there this one has`,
    `${names.join(', ')}, of the same release, each a component of its own. None of their code is in a program, but for the`,
    'copies that they carry.',
    '',
    ...table(
      ['component', 'in programs', 'found without carriers', 'with them', 'right version without', 'with'],
      [...rows, ['all of the catalog', own.labelled, all.found, own.found, all.right, own.right]],
    ),
    '',
    ...table(['carrier', 'claimed in programs', 'of'], claimed),
    '',
    ...(missing.length === 0 ? [] : ['Missing:', '', ...missing.map((text) => `* ${text}`), '']),
  ].join('\n')
}
