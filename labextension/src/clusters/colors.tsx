import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Profile } from '../api';

/** Colour of a card and a badge; null leaves the choice to the server. */
export type Color = Profile['color'] | null;

/** What the colours are called. */
export function colorNames(
  trans: TranslationBundle
): Record<Profile['color'], string> {
  return {
    blue: trans.__('Blue'),
    green: trans.__('Green'),
    orange: trans.__('Orange'),
    red: trans.__('Red'),
    cyan: trans.__('Cyan'),
    grey: trans.__('Grey')
  };
}

/** A choice among swatches, each with the name of its colour. */
export function ColorChoice(props: {
  trans: TranslationBundle;
  value: Color;
  disabled?: boolean;
  onChange: (color: Color) => void;
}): JSX.Element {
  const { trans, value, disabled, onChange } = props;
  const colors: [Color, string][] = [
    [null, trans.__('Automatic')],
    ...(Object.entries(colorNames(trans)) as [Color, string][])
  ];
  return (
    <fieldset className="jp-jext-colors" disabled={disabled}>
      <legend>{trans.__('Colour')}</legend>
      <div>
        {colors.map(([color, label]) => (
          <label key={label}>
            <input
              type="radio"
              name="jp-jext-color"
              checked={value === color}
              onChange={() => onChange(color)}
            />
            {color && (
              <span className={`jp-jext-swatch jp-jext-color-${color}`} />
            )}
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
