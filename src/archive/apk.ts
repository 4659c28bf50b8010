import { checkLimit, type Limits } from '../bytes/limits.ts'
import { type ByteSource, sliceSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import type { OnUnsafe } from './member-path.ts'
import { readTar, type TarMember } from './tar.ts'
import { isZeroBlock, TAR_BLOCK } from './tar-header.ts'

/** What packages of Alpine start with: the signature, or without one their description. */
const FIRST_MEMBER = /^(\.SIGN\.[^/]+|\.PKGINFO)$/

/** Tells an unpacked package of Alpine Linux from other tar archives by its first member. */
export function isApk(tar: ByteSource, limits: Limits): boolean {
  try {
    const first = readTar(tar, limits).next()
    return first.done === false && FIRST_MEMBER.test(first.value.path)
  } catch (error) {
    if (error instanceof DetectorError) return false
    throw error
  }
}

/**
 * Walks the unpacked parts of a package of Alpine Linux: signature, description and files, each a tar archive, the first two
 * without an end as a rule. Zeros between them are no end.
 *
 * @throws DetectorError as `readTar`
 * @see Alpine wiki, "Apk spec"
 */
export function* readApk(source: ByteSource, limits: Limits, onUnsafe: OnUnsafe): Generator<TarMember> {
  let count = 0
  for (let start = 0; start < source.size; ) {
    const part = sliceSource(source, start, source.size - start)
    const walk = readTar(part, limits, { onUnsafe })
    for (let step = walk.next(); ; step = walk.next()) {
      if (step.done === true) {
        start += step.value
        break
      }
      checkLimit(limits, 'archiveMembers', ++count)
      const { sparse, offset } = step.value
      const moved = sparse?.kind === 'gnu' ? { sparse: { ...sparse, header: sparse.header + start } } : {}
      yield { ...step.value, offset: offset + start, ...moved }
    }
    while (start + TAR_BLOCK <= source.size && isZeroBlock(source.read(start, TAR_BLOCK))) start += TAR_BLOCK
    // Less than a block of anything is padding.
    if (start + TAR_BLOCK > source.size) return
  }
}
