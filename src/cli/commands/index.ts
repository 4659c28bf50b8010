import type { IndexResult } from '../../index.ts'
import { escapeText, shellWord } from '../../report/escape.ts'
import { count } from '../../report/words.ts'
import { type Command, defineCommand, pattern, text, usage } from '../args.ts'
import { ExitCode } from '../gate.ts'
import { watching } from '../progress.ts'
import { DEFAULT_PRINTS } from './defaults.ts'

/** Releases and skipped files that are named one by one; beyond these the rest is counted. */
const NAMES_SHOWN = 10

export const index: Command = defineCommand({
  name: 'index',
  summary: "Adds releases of a component to a directory of prints, which is a database of one's own",
  details: `PATH is a source directory or archive of one release, named by --release, or a git repository (a path or a
URL), whose tags are the releases; with --release only the tag of that version is taken. Static and shared libraries,
programs and Debian packages are read as the release was built: several PATHs then describe one release.`,
  operands: { usage: 'PATH...', min: 1, max: Number.POSITIVE_INFINITY },
  options: {
    component: text('NAME', 'what the component is called; required'),
    release: text('V', 'the version that PATH holds'),
    prints: text('DIR', `where NAME.bpf is written or extended (default: ${DEFAULT_PRINTS})`),
    tags: pattern('REGEX', 'of a git repository, the tags to take; a group (?<version>…) may pick the version out'),
    scheme: text('NAME', 'how versions are ordered: semver-like, letters, date, sqlite, debian, rpm or apk'),
  },
  async run({ component, release, prints = DEFAULT_PRINTS, tags, scheme }, paths, context) {
    if (component === undefined) throw usage('index needs --component NAME; see binprint index --help')
    const { indexRelease } = await context.loadApi()
    const result = await watching(context, (watch) =>
      indexRelease(prints, paths, {
        ...watch,
        component,
        ...(release === undefined ? {} : { release }),
        ...(tags === undefined ? {} : { tags }),
        ...(scheme === undefined ? {} : { scheme }),
      }),
    )
    await context.stdout.write(`${indexText(result)}\nscan with: binprint scan FILE --db ${shellWord(prints)}\n`)
    return ExitCode.clean
  },
})

/** What was added, and what was left out and why. */
export function indexText({ component, releases, features, path, skipped, current }: IndexResult): string {
  const named = releases.slice(0, NAMES_SHOWN).join(', ')
  const more = releases.length > NAMES_SHOWN ? ` and ${releases.length - NAMES_SHOWN} more` : ''
  const nothing = current === true ? 'up to date' : 'nothing new'
  const added = releases.length === 0 ? nothing : `${count(releases.length, 'release')} added (${named}${more})`
  const lines = [`${component}: ${added}, ${count(features, 'feature')} in ${path}`]
  for (const { path, reason } of skipped.slice(0, NAMES_SHOWN)) lines.push(`  left out ${path}: ${reason}`)
  if (skipped.length > NAMES_SHOWN) lines.push(`  and ${skipped.length - NAMES_SHOWN} more left out`)
  return lines.map(escapeText).join('\n')
}
