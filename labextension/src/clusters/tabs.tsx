import React from 'react';

/** One tab: its key and its label. */
export interface ITab<K extends string> {
  key: K;
  label: string;
}

/** A row of tabs; arrow keys, Home and End move between them. */
export function Tabs<K extends string>(props: {
  id: string;
  label: string;
  tabs: ReadonlyArray<ITab<K>>;
  current: K;
  disabled?: boolean;
  onSelect: (key: K) => void;
}): JSX.Element {
  const { id, label, tabs, current, disabled, onSelect } = props;
  const buttons = React.useRef(new Map<K, HTMLButtonElement>());
  const onKeyDown = (event: React.KeyboardEvent) => {
    const index = tabs.findIndex(tab => tab.key === current);
    const next = {
      ArrowLeft: (index + tabs.length - 1) % tabs.length,
      ArrowRight: (index + 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1
    }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      onSelect(tabs[next].key);
      buttons.current.get(tabs[next].key)?.focus();
    }
  };
  return (
    <div
      role="tablist"
      aria-label={label}
      className="jp-jext-tabs"
      onKeyDown={onKeyDown}
    >
      {tabs.map(tab => (
        <button
          key={tab.key}
          ref={node => {
            if (node) {
              buttons.current.set(tab.key, node);
            }
          }}
          type="button"
          role="tab"
          id={`${id}-tab-${tab.key}`}
          aria-selected={tab.key === current}
          aria-controls={`${id}-panel`}
          tabIndex={tab.key === current ? 0 : -1}
          disabled={disabled}
          onClick={() => onSelect(tab.key)}
        >
          {tab.label}
        </button>
      ))}
    </div>
  );
}
