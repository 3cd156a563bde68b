import type { ComponentChildren } from 'preact'
import { Link } from 'wouter-preact'
import { useTitle } from '../hooks/use-title'
import { Icon } from './icon'

interface Props {
  title: string
  /** One sentence about the page. */
  about?: ComponentChildren
  actions?: ComponentChildren
  narrow?: boolean
  /** The page above it. */
  back?: { href: string; text: string }
  children: ComponentChildren
}

/** A page: heading, actions, content. */
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
export function Section({ title, extra, children }: { title: string; extra?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="section" aria-label={title}>
      <div class="section-head">
        <h2>{title}</h2>
        {extra && <div class="small soft">{extra}</div>}
      </div>
      {children}
    </section>
  )
}

/** A link to the page above. */
export function Back({ href, text }: { href: string; text: string }) {
  return (
    <nav aria-label="Back" class="small">
      <Link href={href} class="back">
        <Icon name="back" size={14} />
        {text}
      </Link>
    </nav>
  )
}
