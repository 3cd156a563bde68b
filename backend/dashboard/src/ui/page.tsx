import type { ComponentChildren } from 'preact'
import { useTitle } from '../hooks/use-title'

interface Props {
  title: string
  /** One sentence on what is seen here. */
  about?: ComponentChildren
  actions?: ComponentChildren
  narrow?: boolean
  children: ComponentChildren
}

/** A page: heading, what can be done, content. */
export function Page({ title, about, actions, narrow, children }: Props) {
  useTitle(title)
  return (
    <div class={narrow ? 'page narrow' : 'page'}>
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
