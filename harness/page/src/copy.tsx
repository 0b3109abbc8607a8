// A button that copies a text and says so.
import { Button } from '@ariakit/react/button';
import { useEffect, useState } from 'react';

export function Copy({ text, label }: { text: string | (() => string); label: string }) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (said === '') return;
    const timer = setTimeout(() => setSaid(''), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : text());
      setSaid('Copied');
    } catch {
      setSaid('The browser did not allow it');
    }
  };
  return (
    <>
      <Button className="button" onClick={() => void copy()}>{label}</Button>
      <span role="status" className="said">{said}</span>
    </>
  );
}
