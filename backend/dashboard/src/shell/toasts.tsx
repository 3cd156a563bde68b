import { useStore } from '../lib/store'
import { news, putAway } from '../lib/updates'
import { Button } from '../ui/button'
import { Icon } from '../ui/icon'

/** What just happened; read out by screen readers. */
export function Toasts() {
  const items = useStore(news)
  return (
    <div class="toasts" role="log" aria-live="polite" aria-label="News">
      {items.map((item) => (
        <div key={item.id} class="toast">
          <span class={item.tone}>
            <Icon name={item.tone === 'ok' ? 'check' : 'alert'} />
          </span>
          <p>{item.text}</p>
          <Button small kind="plain" icon="close" label="Put away" onClick={() => putAway(item.id)} />
        </div>
      ))}
    </div>
  )
}
