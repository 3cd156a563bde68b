import type { ComponentChildren } from 'preact'
import { Link } from 'wouter-preact'
import { useTitle } from '../hooks/use-title'
import { Icon } from './icon'

interface Props {
  title: string
  /** One sentence on what is seen here. */
  about?: ComponentChildren
  actions?: ComponentChildren
  narrow?: boolean
  /** The page above it. */
  back?: { href: string; text: string }
  children: ComponentChildren
}

/** A page: heading, what can be done, content. */
export function Page({ title, about, actions, narrow, back, children }: Props) {
  useTitle(title)
  return (
    <div class={narrow ? 'page narrow' : 'page'}>
      {back && <Back {...back} />}
      <header class="page-head">
        <div>
          <h1 tabIndex={-1}>{title}</h1>
          {about && <p>{about}</p>}
        </div>
        {actions && <div class="row page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

/** A part of a page under its own heading. */
export function Section({ title, aside, children }: { title: string; aside?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="section" aria-label={title}>
      <div class="section-head">
        <h2>{title}</h2>
        {aside && <div class="small soft">{aside}</div>}
      </div>
      {children}
    </section>
  )
}

/** The way to the page above. */
export function Back({ href, text }: { href: string; text: string }) {
  return (
    <nav aria-label="Way back" class="small">
      <Link href={href} class="back">
        <Icon name="back" size={14} />
        {text}
      </Link>
    </nav>
  )
}
