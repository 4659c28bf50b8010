import { checkLimit, type Limits } from '../../bytes/limits.ts'
import { DetectorError } from '../../errors.ts'
import { readDocument } from '../manifest.ts'
import { readBody } from './http-client.ts'
import { isTag } from './registry-reference.ts'
import type { RegistrySession } from './registry-session.ts'
import { retrying } from './retry.ts'

/** What most registries give at most; those that give fewer say where to go on. */
const PAGE_TAGS = 1_000
/** Of registries that know no pages: 200,000 of the longest tags. */
const MAX_PAGE_BYTES = 32 * 1024 ** 2
/** Longer headers are cut; a link with the longest name and tag has some 500 characters. */
const MAX_LINK_CHARACTERS = 8_192
/** Pages may be empty, but not without end. */
const MAX_PAGES = 10_000

/**
 * All tags of a repository in the order of the registry, each once.
 *
 * @throws DetectorError `FORMAT_CORRUPT`, `LIMIT_EXCEEDED` (`registryTags`) and as {@link RegistrySession.request}
 */
export async function readTagPages(
  session: RegistrySession,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const tags = new Set<string>()
  let path: string | undefined = `tags/list?n=${PAGE_TAGS}`
  for (let pages = 0; path !== undefined; pages++) {
    if (pages === MAX_PAGES) throw tooMany(session, `more than ${MAX_PAGES} pages`)
    const page: TagPage = await retrying(session.retry, signal, () => readPage(session, path as string, signal))
    for (const tag of page.tags) tags.add(tag)
    checkLimit(limits, 'registryTags', tags.size)
    if (page.next === path) throw tooMany(session, 'a page that leads to itself')
    path = page.next
  }
  return [...tags]
}

/**
 * The path and query of the next page; undefined on the last one. A host in the link is left out: behind proxies
 * registries do not know their own, and tags are only asked of the registry itself.
 *
 * @see OCI Distribution Specification, "Content Discovery"; RFC 8288
 */
export function nextPage(link: string): string | undefined {
  const [, target] = /<([^<>]*)>\s*;[^<]*\brel\s*=\s*"?next"?/i.exec(link.slice(0, MAX_LINK_CHARACTERS)) ?? []
  if (target === undefined || !URL.canParse(target, 'https://registry.invalid/v2/')) return undefined
  const { pathname, search } = new URL(target, 'https://registry.invalid/v2/')
  // Two slashes at the start would be a host again.
  return pathname.replace(/^\/+/, '/') + search
}

interface TagPage {
  readonly tags: readonly string[]
  readonly next: string | undefined
}

async function readPage(session: RegistrySession, path: string, signal: AbortSignal | undefined): Promise<TagPage> {
  const { host, repository } = session.reference
  const reply = await session.request(path, { accept: 'application/json' }, 'list of tags', signal)
  const bytes = await readBody(reply, MAX_PAGE_BYTES, signal, () => {
    throw tooMany(session, `a page of more than ${MAX_PAGE_BYTES} bytes`)
  })
  const name = `the list of tags of ${host}/${repository}`
  const document = readDocument(bytes, name)
  // A repository whose tags were all deleted has null.
  const tags = document.has('tags') ? document.strings('tags') : []
  const bad = tags.find((tag) => !isTag(tag))
  if (bad !== undefined) throw document.error('tags', 'a list of tags', bad)
  return { tags, next: nextPage([reply.message.headers['link']].flat().join(', ')) }
}

function tooMany({ reference: { host, repository } }: RegistrySession, have: string): DetectorError {
  return new DetectorError('REGISTRY_FAILED', `need the list of tags of ${host}/${repository}, have ${have}`)
}
