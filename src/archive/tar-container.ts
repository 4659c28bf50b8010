import type { Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import {
  type Container,
  type ContainerKind,
  type ContainerMember,
  HEAD_BYTES,
  type Opening,
  ProblemList,
} from './container-member.ts'
import type { OnUnsafe } from './member-path.ts'
import { readTar, type TarMember, tarMemberSource } from './tar.ts'

/** A container over an unpacked tar archive; `read` walks it. Closing the container closes what `close` says. */
export function tarContainer(
  kind: ContainerKind,
  tar: ByteSource,
  opening: Opening,
  close: () => void,
  read: (source: ByteSource, limits: Limits, onUnsafe: OnUnsafe) => Iterable<TarMember> = (source, limits, onUnsafe) =>
    readTar(source, limits, { onUnsafe }),
): Container {
  const problems = new ProblemList()
  return { kind, members, problems: problems.list, close }

  function* members(): Generator<ContainerMember> {
    for (const member of read(tar, opening.limits, (path, error) => problems.add(path, error)))
      if (member.type === 'file') yield asMember(tar, member, opening)
  }
}

function asMember(tar: ByteSource, member: TarMember, { limits, budget }: Opening): ContainerMember {
  const { path, size, sparse } = member
  return {
    path,
    size,
    head: () => tarMemberSource(tar, member, limits).read(0, Math.min(HEAD_BYTES, size)),
    open() {
      // Holes are unpacked bytes as well: a few parts can stand for any number of them.
      if (sparse !== undefined) budget.take(size)
      return tarMemberSource(tar, member, limits)
    },
  }
}
