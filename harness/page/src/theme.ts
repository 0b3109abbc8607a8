// Light or dark: as the system has it until somebody chooses.
import { useCallback, useEffect, useState } from 'react';

const KEY = 'bpfmatrix-theme';
const system = () => matchMedia('(prefers-color-scheme: dark)');

// Storage may be forbidden, from file:// too.
function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function useDark(): [boolean, (dark: boolean) => void] {
  const [chosen, setChosen] = useState<string | null>(stored);
  const [by_system, setBySystem] = useState(() => system().matches);
  useEffect(() => {
    const query = system();
    const follow = () => setBySystem(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  const dark = chosen === null ? by_system : chosen === 'dark';
  useEffect(() => {
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  }, [dark]);
  const set = useCallback((value: boolean) => {
    const theme = value ? 'dark' : 'light';
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // It holds for this visit then.
    }
    setChosen(theme);
  }, []);
  return [dark, set];
}
