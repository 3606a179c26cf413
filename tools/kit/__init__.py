"""The teaching kit: editions of the lessons, slides, a timetable, a poster, and an archive for the room."""
