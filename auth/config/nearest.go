package config

// Nearest finds what a person meant when he mistyped a key, a flag or a command.

import "fmt"

// Nearest returns the known word with the smallest distance to word, or "" if
// none is near enough to be meant: a third of its letters may be wrong, at
// least two.
func Nearest(word string, known []string) string {
	best, least := "", max(2, (len(word)+2)/3)+1
	for _, k := range known {
		if d := distance(word, k); d < least && d < len([]rune(k)) {
			best, least = k, d
		}
	}
	return best
}

func didYouMean(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// distance is the optimal string alignment distance (Damerau 1964, Levenshtein
// 1966): insertions, deletions, substitutions and swapped neighbours.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 { // nobody mistypes that much; bounds the work
		return 64
	}
	rows := [3][]int{make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, last, row := rows[0], rows[1], rows[2]
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		rows = [3][]int{last, row, before}
	}
	return rows[1][len(y)]
}
