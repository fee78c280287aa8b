// Door
