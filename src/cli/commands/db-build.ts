import type { BuildInput } from '../../index.ts'
import { escapeText } from '../../report/escape.ts'
import { type Command, defineCommand, flag, number, type Option, text, usage } from '../args.ts'
import { ExitCode } from '../gate.ts'
import { watching } from '../progress.ts'
import { indexText } from './index.ts'

/** More processes than this would only wait for each other's disk. */
const MAX_JOBS = 256

const INPUTS: readonly BuildInput[] = ['sources', 'source-packages', 'npm', 'packages']

/** Names of inputs with commas between them; `all` stands for all, `both` for the tags and the library packages. */
function inputs(placeholder: string, help: string): Option<readonly BuildInput[]> {
  return {
    placeholder,
    help,
    read(value, flag) {
      const words = value.split(',').flatMap((word): readonly string[] => {
        if (word === 'all') return INPUTS
        return word === 'both' ? ['sources', 'packages'] : [word]
      })
      const found = INPUTS.filter((input) => words.includes(input))
      const unknown = words.find((word) => !INPUTS.some((input) => input === word))
      if (unknown !== undefined) throw usage(`${flag} needs a list of ${INPUTS.join(', ')} or all, have "${unknown}"`)
      return found
    },
  }
}

export const dbBuild: Command = defineCommand({
  name: 'db build',
  summary: 'Builds prints from the catalog: all components, or those named',
  details: `The catalog says where each component's releases come from. Building reads git repositories (sources), upstream's
tarballs in Debian's source packages and source that npm packages carry (source-packages, npm: both read the
repositories too), and Debian's library packages (packages), and may use the network. What was read is written to
locks/ beside the prints.`,
  operands: { usage: '[NAME...]', min: 0, max: Number.POSITIVE_INFINITY },
  options: {
    catalog: text('DIR', 'directory that holds components/ (default: the catalog that comes with binprint)'),
    prints: text('DIR', 'where the prints go (default: prints/ beside components/)'),
    'git-mirror': text('DIR', 'directory of git repositories to use instead of the network'),
    from: inputs('LIST', `what is read, with commas between them: ${INPUTS.join(', ')} or all (default: sources)`),
    suites: text('LIST', 'Debian suites, with commas between them (default: all that are reachable)'),
    architectures: text('LIST', 'Debian architectures (default: amd64,arm64,armhf,i386)'),
    'package-cache': text('DIR', 'where packages are kept between builds'),
    'exclude-from': text(
      'CORPUS',
      'leave out the files and packages of this corpus, so that it can measure the result',
    ),
    locked: flag('build exactly what locks/ says'),
    jobs: number(
      'N',
      { min: 1, max: MAX_JOBS, integer: true },
      'components built at the same time (default: one for each processor)',
    ),
  },
  async run(values, names, context) {
    const { catalog, prints, jobs, from, suites, architectures, locked } = values
    const { 'git-mirror': gitMirror, 'package-cache': packageCache, 'exclude-from': excludeFrom } = values
    const { buildDatabase } = await context.loadApi()
    const { built, failed } = await watching(context, (watch) =>
      buildDatabase({
        ...watch,
        ...(names.length === 0 ? {} : { names }),
        ...(catalog === undefined ? {} : { catalogDirectory: catalog }),
        ...(prints === undefined ? {} : { printsDirectory: prints }),
        ...(gitMirror === undefined ? {} : { gitMirror }),
        ...(jobs === undefined ? {} : { jobs }),
        ...(from === undefined ? {} : { from }),
        ...(suites === undefined ? {} : { suites: suites.split(',') }),
        ...(architectures === undefined ? {} : { architectures: architectures.split(',') }),
        ...(packageCache === undefined ? {} : { packageCache }),
        ...(excludeFrom === undefined ? {} : { excludeFrom }),
        ...(locked === undefined ? {} : { locked }),
      }),
    )
    await context.stdout.write(built.map((result) => `${indexText(result)}\n`).join(''))
    for (const { component, error } of failed)
      await context.stderr.write(`binprint: ${escapeText(`${component} was not built: ${error.message}`)}\n`)
    return failed.length === 0 ? ExitCode.clean : ExitCode.couldNotScan
  },
})
