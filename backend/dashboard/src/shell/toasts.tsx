import { useStore } from '../lib/store'
import { dismiss, updates } from '../lib/updates'
import { Button } from '../ui/button'
import { Icon } from '../ui/icon'

/** What just happened; read out by screen readers. */
export function Toasts() {
  const items = useStore(updates)
  return (
    <div class="toasts" role="log" aria-live="polite" aria-label="Updates">
      {items.map((item) => (
        <div key={item.id} class="toast">
          <span class={item.tone}>
            <Icon name={item.tone === 'ok' ? 'check' : 'alert'} />
          </span>
          <p>{item.text}</p>
          <Button small kind="plain" icon="close" label="Dismiss" onClick={() => dismiss(item.id)} />
        </div>
      ))}
    </div>
  )
}
