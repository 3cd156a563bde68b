import type { ComponentChildren } from 'preact'
import { Link } from 'wouter-preact'

interface Props {
  name: string
  children: ComponentChildren
  /** A second, smaller line. */
  more?: ComponentChildren
  href?: string
  tone?: 'ok' | 'warn' | 'bad' | null
}

/** A figure with its name, in a `<dl class="facts">`. */
export function Fact({ name, children, more, href, tone }: Props) {
  return (
    <div class="fact">
      <dt>{href ? <Link href={href}>{name}</Link> : name}</dt>
      <dd>
        <span class={tone ?? undefined}>{children}</span>
        {more && <small>{more}</small>}
      </dd>
    </div>
  )
}
