import { createContext, type ReactNode, useContext, useEffect } from 'react';
import { en, type Texts } from './en.ts';
import { CATALOGUES, chooseLanguage } from './texts.ts';

const TextsContext = createContext<Texts>(en);

export function TextsProvider({ children }: { readonly children: ReactNode }) {
  const language = chooseLanguage(navigator.languages);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return <TextsContext.Provider value={CATALOGUES[language]}>{children}</TextsContext.Provider>;
}

export function useTexts(): Texts {
  return useContext(TextsContext);
}
